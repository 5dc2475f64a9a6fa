-- Hands in the text of a file. Returns one row: whether it was still wanted. PT413 when the document has too much text.
select private.accept_file_text(
  %(file_id)s, %(revision)s, %(content)s, %(page_starts)s, %(is_markdown)s, %(remark)s, %(total)s, %(unit)s) as is_accepted
