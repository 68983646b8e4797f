// Icons as stroked paths on a 16 x 16 field.
const PATHS = {
  open: 'M2 12.5v-9h4l1.5 2H14v7z',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5 14 14',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  full: 'M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9',
  share: 'M8 10V2.5M5 5l3-3 3 3M3 9v4.5h10V9',
  help: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 10M8 12.300v.4',
  sun: 'M8 5.200a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.600zM8 1.500v1.300M8 13.200v1.300M1.5 8h1.300M13.2 8h1.300M3.4 3.400l.9.9M11.7 11.700l.9.9M12.6 3.400l-.9.9M4.3 11.700l-.9.9',
  moon: 'M13 9.500A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.500z',
  auto: 'M8 2.500a5.5 5.5 0 1 0 0 11zM8 2.500a5.5 5.5 0 0 1 0 11',
  close: 'M4 4l8 8M12 4l-8 8',
  panel: 'M2.5 3h11v10h-11zM10 3v10',
  play: 'M5 3.500v9l7.5-4.500z',
  pause: 'M5.5 3.500v9M10.5 3.500v9',
  back: 'M11.5 3.500v9L5.5 8zM4 3.500v9',
  forward: 'M4.5 3.500v9L10.5 8zM12 3.500v9',
  filter: 'M2.5 3.500h11L9.5 8.500v4l-3 1v-5z',
  pin: 'M6 2.500h4l-.5 4 2 2.500h-7l2-2.500zM8 9v4.5',
  down: 'M4 6l4 4 4-4',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  undo: 'M5.500 3 2.500 6l3 3M2.500 6H9.500a3.500 3.500 0 0 1 0 7H6',
  redo: 'M10.500 3l3 3-3 3M13.500 6H6.500a3.500 3.500 0 0 0 0 7H10',
  plus: 'M8 3.500v9M3.5 8h9',
  minus: 'M3.5 8h9',
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
