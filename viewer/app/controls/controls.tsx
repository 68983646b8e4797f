import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

/** A row of buttons of which one is pressed. */
export function Segmented<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [T, string, string?])[];
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

/** A button that shows what belongs to it beneath it; closed by Escape or by a click elsewhere. */
export function Popover(props: {
  label: string;
  face: ComponentChildren;
  open?: boolean;
  onToggle?: (open: boolean) => void;
  align?: 'left' | 'right';
  children: ComponentChildren;
}) {
  const [own, setOwn] = useState(false);
  const open = props.open ?? own;
  const set = props.onToggle ?? setOwn;
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const away = (event: PointerEvent): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) set(false);
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [open]);
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !open) return;
    event.stopPropagation();
    set(false);
    root.current?.querySelector('button')?.focus();
  };
  return (
    <div class="popover" ref={root} onKeyDown={escape}>
      <button
        type="button"
        class="button"
        aria-label={props.label}
        title={props.label}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => set(!open)}
      >
        {props.face}
      </button>
      {open && (
        <div class={`popover-body ${props.align ?? 'left'}`} id={id} role="group" aria-label={props.label}>
          {props.children}
        </div>
      )}
    </div>
  );
}

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

/** Name and value, one above the other in a list of facts. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Something that this file does not hold, and how to get it. */
export function Absent({ what, how }: { what: string; how: ComponentChildren }) {
  return (
    <p class="absent">
      <strong>{what}</strong> {how}
    </p>
  );
}
