/** The same for each item of a table of the topology, under the same names. */
export const each = <Name extends string, Item, Made>(
  items: Readonly<Record<Name, Item>>,
  make: (item: Item, name: Name) => Made,
): Readonly<Record<Name, Made>> =>
  // `Object.entries` forgets the names; they are those of `items`.
  Object.fromEntries(
    Object.entries<Item>(items).map(([name, item]) => [name, make(item, name as Name)]),
  ) as Record<Name, Made>
