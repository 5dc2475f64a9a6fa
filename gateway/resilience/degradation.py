"""How an answer says that something it depends on was down."""

from pydantic import BaseModel, Field


class Degradation(BaseModel):
    """One dependency that was down, and what was done instead."""

    dependency: str = Field(examples=["embedder"])
    reason: str = Field(examples=["It did not answer within 2 s."])
    used: str = Field(examples=["keyword search"])
