import addressesPlugin from './addresses';
import capturePlugin from './capture';
import linkPlugin from './link';
import panelPlugin from './panel';
import revisionsPlugin from './revisions';
import runsTabPlugin from './runsTab';

export default [
  linkPlugin,
  panelPlugin,
  runsTabPlugin,
  addressesPlugin,
  capturePlugin,
  revisionsPlugin
];
