"""The schema of the wire and the code generated from it; see README.md here."""

DIGEST = "6d41db41ca27082474e2b61b7d8249e890fc6be23089267812c67752f9cc1532"
