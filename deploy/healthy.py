"""Ends well while the container's service answers /healthz with 200: what the image's HEALTHCHECK runs.

Only the standard library, since it runs every few seconds.
"""

import os
from urllib.request import urlopen

service = os.environ["HULEEDU_SERVICE"].upper()
urlopen(f"http://127.0.0.1:{os.environ[f'{service}_PORT']}/healthz", timeout=3).close()
