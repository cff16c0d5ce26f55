"""A session of requests in which every https host is the org: simple-salesforce knows no http."""

import os
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter


class ToTheOrg(HTTPAdapter):
    def send(self, request, **options):
        target = urlsplit(request.url)
        org = os.environ["ORG_URL"]
        request.url = f"{org}{target.path}" + (f"?{target.query}" if target.query else "")
        return super().send(request, **options)


def session():
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", ToTheOrg())
    return made
