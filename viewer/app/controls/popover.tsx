import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useElementId } from './element-id.js';

/** A button that opens a box below it. Escape or a click elsewhere closes the box. */
export function Popover(props: {
  label: string;
  /** What is on the button. */
  face: ComponentChildren;
  /** Whether the box is open. Without it the popover knows for itself. */
  open?: boolean;
  onToggle?: (open: boolean) => void;
  align?: 'left' | 'right';
  children: ComponentChildren;
}) {
  const [own, setOwn] = useState(false);
  const open = props.open ?? own;
  const set = props.onToggle ?? setOwn;
  const root = useRef<HTMLDivElement>(null);
  const id = useElementId();
  useEffect(() => {
    if (!open) return;
    const away = (event: PointerEvent): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) set(false);
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [open]);
  const body = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // What has no room in the window scrolls.
    if (!open || !body.current) return;
    const { top } = body.current.getBoundingClientRect();
    body.current.style.maxHeight = `${Math.max(120, window.innerHeight - top - 10)}px`;
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
        <div class={`popover-body ${props.align ?? 'left'}`} ref={body} id={id} role="group" aria-label={props.label}>
          {props.children}
        </div>
      )}
    </div>
  );
}
