"""Classes that never were, and the essays they hand in: what matching is measured on.

Written without a look at how names are found again: it knows how pupils, teachers and exam platforms write them. The
same seed makes the same class. Names are Faker's, and some more that schools have.
"""
