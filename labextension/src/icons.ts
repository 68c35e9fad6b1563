import { LabIcon } from '@jupyterlab/ui-components';

import diffSvg from '../style/icons/diff.svg';
import runsSvg from '../style/icons/runs.svg';

export const diffIcon = new LabIcon({ name: 'nbruns:diff', svgstr: diffSvg });
export const runsIcon = new LabIcon({ name: 'nbruns:runs', svgstr: runsSvg });
