"""A fake TRON node: it speaks java-tron's HTTP API and keeps its rules, on one machine, with blocks made by hand.

No real node of TRON can be had for tests. What this one does not have: witnesses, staking, free bandwidth (every
byte is paid for), TRC-10, and contracts other than plain TRC-20 tokens.
"""
