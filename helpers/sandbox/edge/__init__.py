"""A small edge before the web application, which behaves as the platform's documentation says, on this machine.

An imitation, and only of what runbooks look at: ids, the shared cache, time-outs, crashes, the log drain. Written after the public
documentation of Vercel (error codes, cache criteria, drains); what that does not say is chosen here, and marked so in the code. One
process stands for every function; regions are names.
"""
