"""Persons: the members of a simulation with what decides how they answer a programme."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.members import NO_COMPANY, Members
from simulator.people.population import Population
from simulator.people.quantiles import beta_quantile, gamma_quantile
from simulator.people.setting import Setting

_YEAR_DAYS = 365
_COMMON_YEAR = date(2001, 1, 1)
NONE = -1


@dataclass(frozen=True)
class Persons:
    """Hold one row a member, in the order of their numbers, which are their rows in the table.

    ids are their names, of which the table may have more; theta is how strongly a member answers
    the programme, 0 for not at all; coupon_propensity the chance to use a coupon; birthday a day of
    the year from 0.
    """

    members: Members
    ids: Sequence[str]
    theta: Floats
    coupon_propensity: Floats
    birthday: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.theta)


def draw_persons(
    keyed: Keyed, population: Population, members: Members, ids: Sequence[str]
) -> Persons:
    """Draw what decides how members answer; each by the seed and the member's number alone."""
    figures, use = population.response, population.coupon_use
    number = members.number
    reacts = keyed.uniforms(Purpose.REACTS, number) >= figures.zero_share
    strength = gamma_quantile(keyed.uniforms(Purpose.THETA, number), figures.theta_shape)
    born = keyed.uniforms(Purpose.BIRTHDAY, number) * _YEAR_DAYS
    return Persons(
        members=members,
        ids=ids,
        theta=np.where(reacts, strength / figures.theta_shape, 0.0),
        coupon_propensity=beta_quantile(
            keyed.uniforms(Purpose.COUPON_PROPENSITY, number), use.propensity_a, use.propensity_b
        ),
        birthday=born.astype(np.int16),
    )


class Profiles:
    """Write the attributes that members give when they enrol, as canonical JSON texts."""

    def __init__(self, setting: Setting, persons: Persons) -> None:
        self._setting = setting
        self._persons = persons

    def texts(self, member: Ints) -> pa.Array:
        """Write the attributes of members, string[n]; equal ones are made once."""
        members, persons = self._persons.members, self._persons
        company = members.company[member].astype(np.int64)
        code = (company - NO_COMPANY) * len(self._setting.kinds) + members.kind[member]
        code = code * len(self._setting.fuels) + members.fuel[member]
        code = code * _YEAR_DAYS + persons.birthday[member]
        distinct, place = np.unique(code, return_inverse=True)
        words = pa.array([self._text(one) for one in distinct.tolist()], pa.utf8())
        return words.take(pa.array(place))

    def _text(self, code: int) -> str:
        code, birthday = divmod(code, _YEAR_DAYS)
        code, fuel = divmod(code, len(self._setting.fuels))
        company, kind = divmod(code, len(self._setting.kinds))
        company += NO_COMPANY
        said = {
            "birthday": (_COMMON_YEAR + timedelta(days=birthday)).strftime("%m-%d"),
            "fuel": self._setting.fuels[fuel],
            "kind": self._setting.kinds[kind],
        }
        if company != NO_COMPANY:
            said["company"] = f"C{company + 1:06d}"
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
