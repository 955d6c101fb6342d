/** Links to a view, and bookmarks. */

export const places = {
  linkCopied: "The link to this view is copied.",
  linkInAddressBar: "The link to this view is in the address bar; copy it from there.",
  draftIsGone: "The draft of this view is no longer here.",
  objectIsGone: (id: number) => `Object ${id} of this view is no longer here.`,
  bookmarks: {
    title: "Bookmarks",
    couldNotBeRead: "The bookmarks could not be read.",
    add: "Bookmark this view",
    copyLinkTo: "Copy link to this view",
    copyLink: "Copy link",
    none: "Keep a view of this image to come back to it: place, zoom and plane.",
    goTo: (name: string) => `Go to ${name}`,
    change: (name: string) => `Change ${name}`,
    nameOf: (name: string) => `Name of ${name}`,
    isShared: "Members of the project see it",
    rename: "Rename",
    remove: (name: string) => `Delete ${name}`,
    added: (name: string) => `Bookmark “${name}” added; it is in the panel under Bookmarks.`,
    removed: (name: string) => `Bookmark “${name}” deleted.`,
    ofObject: (id: number) => `Object ${id}`,
    ofPlace: (n: number) => `Place ${n}`,
  },
};
