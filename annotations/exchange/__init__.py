"""Pure: one module per file format that labels come in or go out by."""
