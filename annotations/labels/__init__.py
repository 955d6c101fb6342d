"""Pure: label images, their chunks and the operations on them."""
