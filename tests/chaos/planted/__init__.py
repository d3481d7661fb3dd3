"""Planted bugs: a lab that has caught nothing proves nothing.

Each is planted in the real service's processes, from outside: the lab has them load a module before
anything else (`installing`), which changes one named thing of the service as that is loaded; and it
runs statements as the database's owner. Nothing of it can be reached without the lab.
"""
