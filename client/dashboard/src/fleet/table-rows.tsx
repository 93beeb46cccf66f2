import type { ReactNode } from "react";

export interface TableRowsProps<Item> {
  /** `null`: not known yet. */
  readonly items: readonly Item[] | null;
  readonly columns: number;
  /** Said when there are none. */
  readonly none: string;
  readonly children: (item: Item) => ReactNode;
}

/** The rows of a table, and what stands there while there are none. */
export function TableRows<Item>({ items, columns, none, children }: TableRowsProps<Item>) {
  if (items && items.length > 0) return items.map(children);
  return (
    <tr>
      <td colSpan={columns}>
        {items === null ? (
          <span className="skeleton skeleton-line" role="status" aria-label="Loading" />
        ) : (
          <span className="soft">{none}</span>
        )}
      </td>
    </tr>
  );
}
