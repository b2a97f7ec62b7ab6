"""Pages of plans that reach everyone; each module adds its routes to `bp`."""

from app.reach.views import plan, start
from app.reach.views.blueprint import bp

__all__ = ["bp", "plan", "start"]
