/** The head of a column by which a table is sorted. `kind` is its class: `number`, or none. */
export function SortHead(props: {
  title: string;
  about?: string;
  kind: string;
  sorted: 'ascending' | 'descending' | 'none';
  onSort: () => void;
}) {
  const { title, about, kind, sorted, onSort } = props;
  return (
    <th scope="col" class={`sort-head ${kind}`} aria-sort={sorted}>
      <button type="button" title={about} onClick={onSort}>
        {title}
      </button>
    </th>
  );
}
