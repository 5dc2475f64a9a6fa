"""What the database asks of a product, once more in Python: tests give the same values to both."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.products import without_nul

MAX_NAME = 200
MAX_DESCRIPTION = 20_000
MAX_STOCK = 2_147_483_647
PRICE_BELOW = 10_000_000_000
SKU = r"^[A-Z0-9]+(-[A-Z0-9]+)*$"
# A character that is no white space of Unicode, as PostgreSQL and Python both read it.
VISIBLE = r"[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"

_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP"
        " CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR"
        " IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN"
        " NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP"
        " STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}
CURRENCIES: Mapping[str, int] = {code: digits for digits, codes in _CODES.items() for code in codes.split()}
"""ISO 4217 code: decimals of an amount, as in the table public.currencies."""


def _visible(value: str) -> str:
    if not re.search(VISIBLE, value):
        raise ValueError("It is nothing but white space")
    return value


def _no_truth_value(value: Any) -> Any:
    if value is True or value is False:
        raise ValueError("true and false are no numbers")
    return value


def _known(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("It is no currency that prices can be in: GET /rest/v1/currencies lists them")
    return value


Name = Annotated[
    str, Field(strict=True, min_length=1, max_length=MAX_NAME), AfterValidator(_visible), AfterValidator(without_nul)
]
Description = Annotated[str, Field(strict=True, max_length=MAX_DESCRIPTION), AfterValidator(without_nul)]
Sku = Annotated[str, Field(strict=True, min_length=1, max_length=40, pattern=SKU)]
Price = Annotated[Decimal, Field(gt=0, lt=PRICE_BELOW, allow_inf_nan=False), BeforeValidator(_no_truth_value)]
Stock = Annotated[int, Field(strict=True, ge=0, le=MAX_STOCK)]
Currency = Annotated[str, Field(strict=True), AfterValidator(_known)]


class NewProduct(BaseModel):
    """A product as the Data API takes it. Read JSON with `parse_float=Decimal`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sku: Sku
    name: Name
    description: Description = ""
    price: Price
    currency: Currency = "EUR"
    stock: Stock = 0

    @model_validator(mode="after")
    def _has_decimals_of_its_currency(self) -> Self:
        digits = CURRENCIES[self.currency]
        if self.price != round(self.price, digits):
            raise ValueError(f"A price in {self.currency} has at most {digits} decimals")
        return self
