/** One text against another in a CodeMirror that nobody can edit, changed words marked. */
import { unifiedMergeView } from '@codemirror/merge';
import { EditorState, Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { IEditorLanguageRegistry, jupyterTheme } from '@jupyterlab/codemirror';
import { Widget } from '@lumino/widgets';

/** Above this a detailed comparison may hold up the page: the coarse one takes over. */
const COMPARE_FOR_MS = 200;

export interface ITexts {
  old: string | null;
  new: string;
  mimeType: string;
}

/** Draws a text, against another one where there is one. */
export class MergeText extends Widget {
  constructor(texts: ITexts, languages: IEditorLanguageRegistry) {
    super();
    this.addClass('nbruns-diff-text');
    void makeEditor(texts, languages).then(editor => {
      if (this.isDisposed) {
        editor.destroy();
      } else {
        this.editor = editor;
        this.node.append(editor.dom);
      }
    });
  }

  override dispose(): void {
    this.editor?.destroy();
    this.editor = null;
    super.dispose();
  }

  private editor: EditorView | null = null;
}

async function makeEditor(
  texts: ITexts,
  languages: IEditorLanguageRegistry
): Promise<EditorView> {
  const extensions: Extension[] = [
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.lineWrapping,
    lineNumbers(),
    jupyterTheme,
    ...(await languageOf(texts.mimeType, languages))
  ];
  if (texts.old !== null) {
    extensions.push(
      unifiedMergeView({
        original: texts.old,
        mergeControls: false,
        gutter: true,
        collapseUnchanged: { margin: 3, minSize: 5 },
        diffConfig: { scanLimit: 2_000, timeout: COMPARE_FOR_MS }
      })
    );
  }
  return new EditorView({ state: EditorState.create({ doc: texts.new, extensions }) });
}

async function languageOf(
  mimeType: string,
  languages: IEditorLanguageRegistry
): Promise<Extension[]> {
  const language = languages.findByMIME(mimeType);
  if (!language) {
    return [];
  }
  const loaded = await languages.getLanguage(language);
  return loaded?.support ? [loaded.support] : [];
}
