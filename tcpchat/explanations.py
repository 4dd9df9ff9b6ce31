"""What stands below each field of a class in its source, as PEP 257 calls it: attribute docstrings."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from textwrap import dedent


@cache
def explanations(kind: type) -> dict[str, str]:
    """Return the text below each field of a class, in one line, by the field's name."""
    (found,) = ast.parse(dedent(inspect.getsource(kind))).body
    assert isinstance(found, ast.ClassDef)
    texts = {}
    for field, below in zip(found.body, found.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                texts[field.target.id] = " ".join(str(below.value.value).split())
    return texts
