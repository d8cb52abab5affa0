/** A few choices side by side, one of them pressed. */

export interface ChoiceRowProps<T extends string | number> {
  readonly name: string;
  readonly choices: readonly { readonly id: T; readonly text: string }[];
  readonly chosen: T;
  readonly onChoose: (id: T) => void;
}

export function ChoiceRow<T extends string | number>({ name, choices, chosen, onChoose }: ChoiceRowProps<T>) {
  return (
    <fieldset class="pick">
      <legend class="only-read">{name}</legend>
      {choices.map(({ id, text }) => (
        <button key={id} type="button" aria-pressed={id === chosen} onClick={() => onChoose(id)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
