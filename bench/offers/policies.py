"""Ways of suggesting: the engine, and what it is compared with."""

from collections.abc import Callable

import numpy as np

from bench.offers.worlds import Array, Log, Whole, Worlds, kinds_of
from cancellations.engine import beliefs, choice
from cancellations.engine.ranking import Offers

Policy = Callable[[Worlds], Log]
DRAWS = 50


def prior(worlds: Worlds, *guesses: Array) -> beliefs.Prior:
    """Of shares that accept and that stay, over world × reason, for the map's offers; without guesses nothing is
    said."""
    size = worlds.count, worlds.shape.offers, worlds.shape.reasons
    tables = np.full((2, *size), np.nan)
    for table, guess in zip(tables, guesses, strict=False):
        table[worlds.world, worlds.of.map, np.arange(worlds.shape.reasons)] = guess
    kinds = beliefs.Catalogue(range(worlds.shape.offers), kinds_of(worlds.shape), (), ()).membership()
    return beliefs.Prior(kinds, *tables, said=np.full(size, float(beliefs.OLDEST)))  # before the first call


def put(log: Log, calls: slice, won: Array, rng: np.random.Generator) -> None:
    """Lead each call with what is drawn from the shares `won`, "no incentive" first, mixed with ε as the desk does."""
    vector = (1 - choice.EPSILON) * won + choice.EPSILON / won.shape[-1]
    ticket = rng.random((*won.shape[:-1], 1)) * vector.sum(-1, keepdims=True)
    log.play(calls, (ticket >= vector.cumsum(-1)).sum(-1) - 1)


def engine(worlds: Worlds) -> Log:
    shape, log, c = worlds.shape, Log(worlds), worlds.of
    said = prior(worlds, c.guess, c.guess_stay)
    rng = np.random.default_rng(1)
    for day in range(worlds.cases // shape.per_day):
        if day % shape.learn_every == 0:
            model = beliefs.learn(log.facts(day), said)
            by_offer = [
                np.moveaxis(np.stack([p.a, p.b], -1), 1, -2)
                for p in (model.accept, model.stay_accepted, model.stay_refused)
            ]
            without = np.stack([model.stay_none.a, model.stay_none.b], -1)
            tried = np.moveaxis(model.accept.n[-2], 1, -1)
        calls = slice(day * shape.per_day, (day + 1) * shape.per_day)
        at = worlds.world, c.reason[:, calls], c.segment[:, calls]
        offers = Offers(
            tuple(range(1, shape.offers + 1)),
            *(pairs[at] for pairs in by_offer),
            value=c.value[:, calls, None],
            cost=c.cost[:, calls],
            lever=np.ones(shape.offers),
            price_of_budget=np.zeros(shape.offers),
            mapped=np.arange(shape.offers) == c.map[at[:2]][..., None],
            tried=tried[at[:2]],
        )
        won = choice.wins(offers, without[at], rng, draws=DRAWS, map_cases=model.map_cases[:, None])
        put(log, calls, won, rng)
    return log


def always(worlds: Worlds, lead: Whole) -> Log:
    log = Log(worlds)
    log.play(slice(None), np.broadcast_to(lead, log.offer.shape))
    return log


def random_offer(worlds: Worlds) -> Log:
    return always(worlds, np.random.default_rng(5).integers(-1, worlds.shape.offers, (worlds.count, worlds.cases)))


def best_fixed(worlds: Worlds) -> Log:
    """The one offer that would have brought most, known only afterwards."""
    return always(worlds, worlds.gains.sum(1).argmax(-1)[:, None])


def static_map(worlds: Worlds) -> Log:
    return always(worlds, worlds.of.map[worlds.world, worlds.of.reason])


def mabwiser(name: str) -> Policy:
    """MABWiser with what it offers: the net value of day 90 as reward, one-hot reason and segment as context. It is
    taught once in five simulated days, all that has matured since."""

    def play(worlds: Worlds) -> Log:
        from mabwiser.mab import MAB, LearningPolicy

        shape, log, c = worlds.shape, Log(worlds), worlds.of
        ways = {
            "LinTS": LearningPolicy.LinTS(alpha=0.3, l2_lambda=1.0),
            "ε-greedy": LearningPolicy.LinGreedy(epsilon=0.05, l2_lambda=1.0),
        }
        rng = np.random.default_rng(3)
        arms = list(range(-1, shape.offers))
        bandits = [MAB(arms=arms, learning_policy=ways[name], seed=7 + world) for world in range(worlds.count)]
        context = np.concatenate(
            [
                np.eye(shape.reasons)[c.reason],
                np.eye(shape.segments)[c.segment],
                np.ones((worlds.count, worlds.cases, 1)),
            ],
            axis=-1,
        )
        scale = c.value.mean()
        block = 5 * shape.per_day
        taught = 0
        for start in range(0, worlds.cases, block):
            calls = slice(start, start + block)
            ripe = max(start - shape.delay * shape.per_day, 0)
            lead = rng.integers(-1, shape.offers, (worlds.count, context[:, calls].shape[1]))
            for world, bandit in enumerate(bandits):
                if ripe > taught:
                    known = slice(taught, ripe)
                    offer = log.offer[world, known]
                    cost = c.cost[world, known][np.arange(ripe - taught), np.maximum(offer, 0)]
                    net = log.stayed[world, known] * c.value[world, known] - log.accepted[world, known] * cost
                    learn = bandit.partial_fit if taught else bandit.fit
                    learn(decisions=offer, rewards=net / scale, contexts=context[world, known])
                if ripe:
                    lead[world] = np.atleast_1d(bandit.predict(context[world, calls]))
            taught = max(taught, ripe)
            log.play(calls, lead)
        return log

    return play
