"""`python -m huleedu`: the same as `huleedu`."""

from huleedu.main import main

if __name__ == "__main__":
    main()
