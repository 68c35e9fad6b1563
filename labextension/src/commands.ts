/** The ids of our commands; arguments are described where they are added. */
export namespace CommandIDs {
  export const openPanel = 'nbruns:open-panel';
  export const openRevision = 'nbruns:open-revision';
}
