import addressesPlugin from './addresses';
import capturePlugin from './capture';
import insertionPlugin from './insertion';
import linesPlugin from './lines';
import linkPlugin from './link';
import modelsPlugin from './models';
import panelPlugin from './panel';
import preferencesPlugin from './preferences';
import renderingPlugin from './rendering';
import revisionDiffPlugin from './revisionDiff';
import revisionsPlugin from './revisions';
import runsTabPlugin from './runsTab';

export default [
  linkPlugin,
  preferencesPlugin,
  panelPlugin,
  runsTabPlugin,
  modelsPlugin,
  addressesPlugin,
  capturePlugin,
  revisionsPlugin,
  revisionDiffPlugin,
  renderingPlugin,
  insertionPlugin,
  linesPlugin
];
