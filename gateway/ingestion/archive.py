"""Archives, judged by their directory before anything of them is unpacked."""

import io
import zipfile
from collections.abc import Iterable

from gateway.ingestion.errors import TooLargeError, UnreadableError
from gateway.ingestion.limits import Limits, megabytes

DAMAGED = "The file is damaged: {}. Upload it again, or save it again with the program that made it."
PROTECTED = "The file is protected by a password. Remove the password and upload it again."
# Beyond 20 MB nothing that people write shrinks to a hundredth.
LARGEST_RATIO = 100
ALWAYS_ALLOWED = 20_000_000
ENCRYPTED = 0x1


class Archive:
    """The entries of a zip file, by name."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Open and judge. UnreadableError."""
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
            raise UnreadableError(DAMAGED.format(error)) from error
        entries = self._file.infolist()
        self.names = {entry.filename: entry for entry in reversed(entries)}
        _judge(entries, len(data), limits)

    def __contains__(self, name: str) -> bool:
        """Whether there is an entry of this name."""
        return name in self.names

    def read(self, name: str) -> bytes:
        """The bytes of an entry. UnreadableError."""
        try:
            return self._file.read(self.names[name])
        except KeyError as error:
            raise UnreadableError(DAMAGED.format(f"it has no part {name}")) from error
        except Exception as error:  # whatever a decompressor raises for what is no zip
            raise UnreadableError(DAMAGED.format(f"its part {name} cannot be unpacked")) from error


def _judge(entries: Iterable[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    if len(ordered) > limits.unpacked_entries:
        raise TooLargeError("There are", f"{limits.unpacked_entries:,} entries packed in it", "file_unpacked_entries")
    if any(entry.flag_bits & ENCRYPTED for entry in ordered):
        raise UnreadableError(PROTECTED)
    total = sum(entry.file_size for entry in ordered)
    if total > limits.unpacked_bytes:
        raise TooLargeError("Unpacked it has", megabytes(limits.unpacked_bytes), "file_unpacked_bytes")
    if total > ALWAYS_ALLOWED and total > LARGEST_RATIO * size:
        raise UnreadableError(
            f"Unpacked it would be {total / max(size, 1):,.0f} times as large, as no document is. Save it again with "
            "the program that made it."
        )
    end = 0
    for entry in ordered:
        if entry.header_offset < end:
            raise UnreadableError(DAMAGED.format("its parts overlap"))
        end = entry.header_offset + entry.compress_size
