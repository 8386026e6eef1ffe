"""`python -m car_classifier`: the command line."""

from car_classifier.cli import main

if __name__ == "__main__":
    main()
