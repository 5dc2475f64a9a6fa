"""Files to text: each is read by a confined process of its own, which gives Markdown and where its pages begin."""
