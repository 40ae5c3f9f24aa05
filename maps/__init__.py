"""Drawing: the Pacific on a page, legends, charts. Knows no ship."""
