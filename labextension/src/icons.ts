import { LabIcon } from '@jupyterlab/ui-components';

import diffSvg from '../style/icons/diff.svg';
import modelsSvg from '../style/icons/models.svg';
import runsSvg from '../style/icons/runs.svg';

export const diffIcon = new LabIcon({ name: 'nbruns:diff', svgstr: diffSvg });
export const modelsIcon = new LabIcon({ name: 'nbruns:models', svgstr: modelsSvg });
export const runsIcon = new LabIcon({ name: 'nbruns:runs', svgstr: runsSvg });
