import capturePlugin from './capture';
import panelPlugin from './panel';
import revisionsPlugin from './revisions';

export default [panelPlugin, capturePlugin, revisionsPlugin];
