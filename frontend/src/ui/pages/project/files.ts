/** Which of the files a person dropped are images, folders included. */

const IMAGE_ENDINGS = /\.(tiff?|png|jpe?g|bmp|svs|ndpi|czi|nd2|lif|zip)$/i;
const JUNK = /^(\.|thumbs\.db$|desktop\.ini$)/i;

export interface Picked {
  readonly files: readonly File[];
  /** Files of a folder that do not look like images and are left where they are. */
  readonly nSkipped: number;
}

/** Files chosen one by one are all taken: the server says what it cannot read. */
export function chosen(files: Iterable<File>): Picked {
  return { files: [...files].filter((file) => !JUNK.test(file.name)), nSkipped: 0 };
}

/** Of a whole folder only what looks like an image is taken. */
export function fromFolder(files: Iterable<File>): Picked {
  const all = [...files];
  const images = all.filter((file) => IMAGE_ENDINGS.test(file.name) && !JUNK.test(file.name));
  return { files: images, nSkipped: all.length - images.length };
}

/** What was dropped: single files as they are, folders searched to the bottom. */
export async function dropped(transfer: DataTransfer): Promise<Picked> {
  // Entries must be asked for before the first wait: the browser empties the transfer then.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return chosen(transfer.files);
  const single: File[] = [];
  const nested: File[] = [];
  for (const entry of entries) {
    if (entry?.isFile) single.push(await fileOf(entry as FileSystemFileEntry));
    if (entry?.isDirectory) nested.push(...(await filesIn(entry as FileSystemDirectoryEntry)));
  }
  const folder = fromFolder(nested);
  return { files: [...chosen(single).files, ...folder.files], nSkipped: folder.nSkipped };
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const found: File[] = [];
  for (;;) {
    // A reader hands out at most 100 entries a time, and none at the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return found;
    for (const entry of batch) {
      if (entry.isFile) found.push(await fileOf(entry as FileSystemFileEntry));
      else found.push(...(await filesIn(entry as FileSystemDirectoryEntry)));
    }
  }
}
