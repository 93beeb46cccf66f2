import type { ReactNode } from "react";

export interface FleetTableProps<Item> {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly string[];
  /** `null`: not known yet. */
  readonly items: readonly Item[] | null;
  /** Said when there are none. */
  readonly none: string;
  /** The row of one. */
  readonly children: (item: Item) => ReactNode;
}

/** A card with a table, how many rows it has, and what stands there while there are none. */
export function FleetTable<Item>({ id, title, columns, items, none, children }: FleetTableProps<Item>) {
  return (
    <section className="card job-card" aria-labelledby={id}>
      <h2 id={id}>
        {title} <span className="number soft">{items?.length}</span>
      </h2>
      <div className="fleet-scroll" tabIndex={0} role="group" aria-labelledby={id}>
        <table className="fleet-table">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items && items.length > 0 ? (
              items.map(children)
            ) : (
              <tr>
                <td colSpan={columns.length}>
                  {items === null ? (
                    <span className="skeleton skeleton-line" role="status" aria-label="Loading" />
                  ) : (
                    <span className="soft">{none}</span>
                  )}
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}
