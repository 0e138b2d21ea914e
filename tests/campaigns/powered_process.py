"""``operando`` with what it has synced kept aside: the folder for that, then the command line."""

import sys
from pathlib import Path

from campaigns.synced import watch

if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    from operando.cli import main

    main()
