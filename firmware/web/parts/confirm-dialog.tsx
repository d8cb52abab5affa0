/** Asks once, and says what will happen. Escape is a no, and the focus goes back to where it was. */
import { useEffect, useRef } from "preact/hooks";
import type { Asked } from "../model/kit.ts";
import { type Store, useStore } from "../model/store.ts";

export function ConfirmDialog({ asked }: { readonly asked: Store<Asked | null> }) {
  const question = useStore(asked);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (question !== null && dialog.current?.open === false) dialog.current.showModal();
  }, [question]);
  if (question === null) return null;
  return (
    <dialog
      ref={dialog}
      aria-labelledby="ask-title"
      aria-describedby="ask-text"
      onCancel={() => question.answer(false)}
    >
      <h2 id="ask-title">{question.title}</h2>
      <p id="ask-text">{question.text}</p>
      <div class="acts">
        <button type="button" onClick={() => question.answer(false)}>
          No, leave it
        </button>
        <button type="button" class="grave" onClick={() => question.answer(true)}>
          {question.act}
        </button>
      </div>
    </dialog>
  );
}
