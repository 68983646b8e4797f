/** A row of buttons. One of them is pressed. */
export function Segmented<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [value: T, text: string, title?: string])[];
  onChange: (value: T) => void;
}) {
  return (
    <div class="segmented" role="group" aria-label={props.label}>
      {props.options.map(([value, text, title]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          title={title ?? text}
          onClick={() => props.onChange(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
