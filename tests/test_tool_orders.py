"""What a tool asks is understood as it was meant, or not at all; and no repr tells a hash."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpchat import tool_orders
from tcpchat.tool_orders import (
    Account,
    AddAccount,
    Answer,
    Done,
    LiftSanctions,
    ListAccounts,
    ListSanctions,
    NotDone,
    Order,
    RemoveAccount,
    Sanction,
    SetOperator,
    SetPassword,
)

HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OTAxMjM0NQ"


TYPED = st.text(max_size=256)
HASHES = st.text("abc$=,+/0123456789", max_size=200).map("$argon2id$".__add__)
ORDERS: st.SearchStrategy[Order] = st.one_of(
    st.just(ListAccounts()),
    st.builds(AddAccount, TYPED, HASHES),
    st.builds(SetPassword, TYPED, HASHES),
    st.builds(RemoveAccount, TYPED),
    st.builds(SetOperator, TYPED, st.booleans()),
    st.just(ListSanctions()),
    st.builds(LiftSanctions, TYPED, TYPED),
)


@given(ORDERS)
def test_an_order_comes_as_it_was_sent(order: Order) -> None:
    line = tool_orders.encode(order)
    assert b"\n" not in line
    assert tool_orders.order(line) == order


NUMBERS = st.integers(0, 1 << 53)
ANSWERS: st.SearchStrategy[Answer] = st.one_of(
    st.builds(
        Account,
        TYPED,
        NUMBERS,
        st.none() | NUMBERS,
        st.booleans(),
        st.booleans(),
        st.lists(TYPED, max_size=3),
    ),
    st.builds(Sanction, TYPED, TYPED, TYPED, st.lists(TYPED, max_size=3), st.none() | NUMBERS, TYPED, TYPED),
    st.builds(Done, TYPED),
    st.builds(NotDone, TYPED, NUMBERS),
)


@given(ANSWERS)
def test_an_answer_comes_as_it_was_sent(answer: Answer) -> None:
    line = tool_orders.encode(answer)
    assert b"\n" not in line
    assert tool_orders.answer(line) == answer


def test_an_order_names_itself() -> None:
    assert tool_orders.encode(ListAccounts()) == b'{"order":"listaccounts"}'
    assert tool_orders.encode(Done("Fine.")) == b'{"answer":"done","text":"Fine."}'
    assert NotDone("No.").status == 64


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET / HTTP/1.1",
        b"[]",
        b'{"order":"burn"}',
        b'{"order":"addaccount","nick":"ada"}',
        b'{"order":"addaccount","nick":"ada","password":"analytical"}',
        b'{"order":"listaccounts","nick":"ada"}',
        b'{"order":"removeaccount","nick":"%s"}' % (b"a" * 257),
    ],
)
def test_what_is_no_order_is_none(line: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        tool_orders.order(line)


def test_a_hash_is_told_by_no_repr() -> None:
    order = AddAccount("ada", HASH)
    assert "argon2id" not in repr(order) and "ada" in repr(order)


def test_an_account_has_no_hash_at_all() -> None:
    assert "password" not in Account.__struct_fields__
