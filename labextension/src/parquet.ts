/** The first rows of a Parquet file, read over ranges: as much of it as they need. */
import type { AsyncBuffer, FileMetaData, SchemaTree } from 'hyparquet';

/** A table of words, the rows of which may be few of many. */
export interface ITable {
  columns: string[];
  rows: string[][];
  total: number;
}

// A column of a row group is read whole; some files keep gigabytes in one.
const MOST_BYTES = 32 * 1024 * 1024;
const LONGEST = 500;

/** Read the beginning of a file of a known size; rejects where no column is small enough. */
export async function readParquet(url: string, size: number, most: number): Promise<ITable> {
  const [reader, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors')
  ]);
  const file: AsyncBuffer = await reader.asyncBufferFromUrl({
    url,
    byteLength: size,
    requestInit: { credentials: 'same-origin' }
  });
  const metadata = await reader.parquetMetadataAsync(file);
  const all = reader.parquetSchema(metadata).children.map((child: SchemaTree) => child.element.name);
  const columns = affordable(metadata, all);
  if (all.length > 0 && columns.length === 0) {
    throw new Error('its first rows lie in a block that is too large');
  }
  const found = await reader.parquetReadObjects({
    file,
    metadata,
    columns,
    rowStart: 0,
    rowEnd: Math.min(most, Number(metadata.num_rows)),
    compressors
  });
  const rows = found.map(row => columns.map(name => words(row[name])));
  return { columns, rows, total: Number(metadata.num_rows) };
}

/** The leading columns whose first block can be read for a preview. */
function affordable(metadata: FileMetaData, names: string[]): string[] {
  const sizes = new Map<string, number>();
  for (const column of metadata.row_groups[0]?.columns ?? []) {
    const name = column.meta_data?.path_in_schema[0];
    if (name !== undefined) {
      const size = Number(column.meta_data?.total_compressed_size ?? 0);
      sizes.set(name, (sizes.get(name) ?? 0) + size);
    }
  }
  let left = MOST_BYTES;
  return names.filter(name => (left -= sizes.get(name) ?? 0) >= 0);
}

function words(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (value instanceof Uint8Array) {
    return `${value.length} bytes`;
  }
  if (typeof value === 'object') {
    const text = JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'bigint' ? inner.toString() : inner
    );
    return text.slice(0, LONGEST);
  }
  return String(value).slice(0, LONGEST);
}
