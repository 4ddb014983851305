"""`python -m platforms.outcomes` prints the page."""

from platforms.outcomes.page import ROWS, render

if __name__ == "__main__":
    print(render(ROWS), end="")
