"""How Sphinx makes pages of these documents: ``make docs``."""

from tcpchat import __version__

project = "tcpchat"
copyright = "the founders of tcpchat"
release = __version__
extensions = ["myst_parser"]
html_theme = "alabaster"
html_theme_options = {
    "description": "group chat for telnet and nc",
    "fixed_sidebar": True,
    "page_width": "1100px",
}
html_title = f"tcpchat {release}"
html_show_sphinx = False
exclude_patterns = ["conf.py"]
# Headings down to this depth can be linked to, as on GitHub.
myst_heading_anchors = 4
# What nobody links to is found by the search all the same; what is linked to has to be there.
nitpicky = True
