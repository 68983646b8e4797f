import type { ComponentChildren } from 'preact';

export function Check(props: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  title?: string;
  children: ComponentChildren;
}) {
  return (
    <label class="check" {...(props.title === undefined ? {} : { title: props.title })}>
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.children}</span>
    </label>
  );
}
