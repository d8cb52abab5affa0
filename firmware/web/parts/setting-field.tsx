/** One setting as a field of a form, made from what the board says of it: range, default, unit, when it counts. */
import { useId } from "preact/hooks";
import type { Constraint } from "../model/api-types.ts";
import { defaultText, rangeText, unitText } from "../model/settings-tree.ts";

export interface SettingFieldProps {
  readonly constraint: Constraint;
  /** Empty: left out. */
  readonly text: string;
  readonly isChanged: boolean;
  readonly isRequired?: boolean;
  readonly onText: (text: string) => void;
}

export function SettingField({ constraint, text, isChanged, isRequired = false, onText }: SettingFieldProps) {
  const id = useId();
  const { key, title, unit, description, needsRestart } = constraint;
  const facts = [rangeText(constraint), defaultText(constraint)].filter((fact) => fact !== "").join("; ");
  return (
    <div class={isChanged ? "field changed" : "field"}>
      <label for={id}>
        {title}
        {unit === null ? "" : ` (${unitText(unit)})`} {needsRestart && <span class="tag">after a restart</span>}
        {isChanged && <span class="tag">changed</span>}
      </label>
      <Input id={id} constraint={constraint} text={text} isRequired={isRequired} onText={onText} />
      <p id={`${id}-help`} class="quiet note help">
        {description} {facts !== "" && `(${facts})`} <code class="key">{key.replaceAll("[]", "")}</code>
      </p>
    </div>
  );
}

interface InputProps extends Pick<SettingFieldProps, "constraint" | "text" | "onText"> {
  readonly id: string;
  readonly isRequired: boolean;
}

function Input({ id, constraint, text, isRequired, onText }: InputProps) {
  const { type, choices, max, isSecret, default: fallback } = constraint;
  const common = { id, "aria-describedby": `${id}-help`, required: isRequired };
  if (choices !== null || type === "boolean") {
    const words = type === "boolean" ? ["true", "false"] : (choices ?? []);
    return (
      <select {...common} value={text} onChange={({ currentTarget }) => onText(currentTarget.value)}>
        {(fallback === null || text === "") && <option value="">(left out)</option>}
        {words.map((word) => (
          <option key={word} value={word}>
            {type === "boolean" ? (word === "true" ? "yes" : "no") : word}
          </option>
        ))}
      </select>
    );
  }
  const take = ({ currentTarget }: { readonly currentTarget: HTMLInputElement | HTMLTextAreaElement }): void =>
    onText(currentTarget.value);
  if (type === "list") return <textarea {...common} rows={3} value={text} onInput={take} />;
  if (type === "number" || type === "integer")
    return (
      <input
        {...common}
        // A field for numbers hides from scripts what is none, and it would be saved as "left out".
        type="text"
        inputMode={type === "integer" ? "numeric" : "decimal"}
        autocomplete="off"
        value={text}
        placeholder={fallback === null ? "left out" : undefined}
        onInput={take}
      />
    );
  const field = {
    ...common,
    autocomplete: "off",
    maxLength: max ?? undefined,
    value: text,
    placeholder: fallback === null && !isRequired ? "left out" : undefined,
    onInput: take,
  } as const;
  return isSecret ? <input type="password" {...field} /> : <input type="text" {...field} />;
}
