// What can be done with a run: the entries of its menu.

function rowEntries(row, model, does) {
  const act = (name, more = {}) => () => model.send({ type: 'act', name, run_id: row.id, ...more });
  const canOpen = model.get('can').open;
  const code = canOpen && row.has_revision;
  const copyId = { text: 'Copy run id', does: () => void copyText(row.id) };
  if (row.deleted)
    return [
      { text: 'Restore', does: act('restore') },
      copyId,
      null,
      { text: 'Delete for good', danger: true, does: () => does.confirm(`Delete “${row.name}” for good, with its files?`, 'Delete', act('purge')) }
    ];
  return [
    code && { text: 'Open code', does: act('open') },
    code && { text: 'Compare code with notebook', does: act('diff') },
    code && { text: 'Restore code into notebook', does: act('restore-revision') },
    code && { text: 'Open code as a copy', does: act('copy-revision') },
    code && null,
    row.has_model && { text: 'Register model', does: act('register') },
    row.badge && { text: `Show ${row.badge}`, does: act('version', { place: row.badge_place }) },
    { text: 'Rename', does: does.rename, hint: 'F2' },
    { text: 'Details and note', does: act('details') },
    row.status !== 'RUNNING' && { text: 'Move to another experiment', does: act('move') },
    null,
    canOpen && { text: 'Copy link', does: act('copy-link') },
    copyId,
    row.children ? { text: row.expanded ? 'Fold nested runs' : 'Show nested runs', does: does.turn } : false,
    null,
    { text: row.children ? `Delete with ${row.children} nested` : 'Delete', danger: true, does: act('delete'), hint: 'Del' }
  ].filter(entry => entry !== false && entry !== '');
}
