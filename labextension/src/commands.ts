/** The ids of our commands; arguments are described where they are added. */
export namespace CommandIDs {
  export const openPanel = 'nbruns:open-panel';
  export const openRun = 'nbruns:open-run';
  export const openPlace = 'nbruns:open-place';
  export const openTab = 'nbruns:open-tab';
  export const openModels = 'nbruns:open-models';
  export const copyLink = 'nbruns:copy-link';
  export const followAddress = 'nbruns:follow-address';
  export const openRevision = 'nbruns:open-revision';
  export const insertCell = 'nbruns:insert-cell';
  export const diffRevision = 'nbruns:diff-revision';
  export const restoreRevision = 'nbruns:restore-revision';
  export const copyRevision = 'nbruns:copy-revision';
  export const purgeRevision = 'nbruns:purge-revision';
  export const undoRestore = 'nbruns:undo-restore';
}
