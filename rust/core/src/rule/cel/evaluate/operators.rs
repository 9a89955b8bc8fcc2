//! Comparison and arithmetic. There is no conversion: only numbers are compared across types.

use super::Evaluation;
use crate::rule::cel::datum::{Datum, List};
use crate::rule::cel::tree::{Form, Node, Operator};
use std::cmp::Ordering;

impl<'v> Evaluation<'v> {
    pub(super) fn binary(&mut self, operator: Operator, pair: &'v [Node; 2]) -> Option<Datum<'v>> {
        let [left, right] = pair;
        let left = self.value(left)?;
        // A list of literals, which is what mostly stands there, is searched without being made.
        if let (Operator::In, Form::List(nodes)) = (operator, &right.form)
            && nodes.iter().all(|node| node.form.is_literal())
        {
            return self.is_literal_of(&left, nodes).map(Datum::Bool);
        }
        let right = self.value(right)?;
        Some(Datum::Bool(match operator {
            Operator::Equal => self.equal(&left, &right)?,
            Operator::Unequal => !self.equal(&left, &right)?,
            Operator::Less => self.order(&left, &right)?.is_lt(),
            Operator::LessOrEqual => self.order(&left, &right)?.is_le(),
            Operator::Greater => self.order(&left, &right)?.is_gt(),
            Operator::GreaterOrEqual => self.order(&left, &right)?.is_ge(),
            Operator::In => match &right {
                Datum::List(list) => {
                    for item in list.items() {
                        if self.equal(&left, &item)? {
                            return Some(Datum::Bool(true));
                        }
                    }
                    false
                }
                Datum::Map(_) => match &left {
                    Datum::Text(name) => self.member(&right, name)?.is_some(),
                    Datum::Bool(_)
                    | Datum::Int(_)
                    | Datum::Uint(_)
                    | Datum::Large(_)
                    | Datum::Double(_) => false,
                    _ => return None,
                },
                _ => return None,
            },
            _ => return self.arithmetic(operator, left, right),
        }))
    }

    fn is_literal_of(&mut self, value: &Datum<'v>, nodes: &'v [Node]) -> Option<bool> {
        for node in nodes {
            let literal = self.value(node)?;
            if self.equal(value, &literal)? {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Values of different types are not equal, numbers apart.
    fn equal(&mut self, left: &Datum<'v>, right: &Datum<'v>) -> Option<bool> {
        self.pay(1)?;
        Some(match (left, right) {
            (Datum::Null, Datum::Null) | (Datum::Optional(None), Datum::Optional(None)) => true,
            (Datum::Bool(left), Datum::Bool(right)) => left == right,
            (Datum::Type(left), Datum::Type(right)) => left == right,
            (Datum::Text(left), Datum::Text(right)) => self.same_text(left, right)?,
            (Datum::List(left), Datum::List(right)) => {
                let (mut left, mut right) = (left.items(), right.items());
                loop {
                    match (left.next(), right.next()) {
                        (Some(left), Some(right)) if self.equal(&left, &right)? => {}
                        (None, None) => return Some(true),
                        _ => return Some(false),
                    }
                }
            }
            (Datum::Map(map), Datum::Map(other)) => {
                let mut members = 0_usize;
                for (name, value) in map.members()? {
                    members = members.saturating_add(1);
                    match self.member(right, name)? {
                        Some(found) if self.equal(&value.into(), &found)? => {}
                        _ => return Some(false),
                    }
                }
                self.pay(members)?;
                // No name comes twice, so that as many members are the same ones.
                other.members()?.nth(members).is_none()
            }
            (Datum::Optional(Some(left)), Datum::Optional(Some(right))) => {
                self.equal(left, right)?
            }
            _ => {
                self.pay(left.digits().saturating_add(right.digits()))?;
                left.numeric_order(right) == Some(Ordering::Equal)
            }
        })
    }

    /// The order of two values that have one; a NaN has none.
    fn order(&mut self, left: &Datum<'v>, right: &Datum<'v>) -> Option<Ordering> {
        match (left, right) {
            (Datum::Bool(left), Datum::Bool(right)) => Some(left.cmp(right)),
            (Datum::Text(left), Datum::Text(right)) => {
                self.pay_for_text(left.len().min(right.len()))?;
                Some((**left).cmp(&**right))
            }
            _ => {
                self.pay(left.digits().saturating_add(right.digits()))?;
                left.numeric_order(right)
            }
        }
    }

    /// Within one type, without overflow; texts and lists are added to one another.
    fn arithmetic(
        &mut self,
        operator: Operator,
        left: Datum<'v>,
        right: Datum<'v>,
    ) -> Option<Datum<'v>> {
        Some(match (left, right) {
            (Datum::Int(left), Datum::Int(right)) => Datum::Int(match operator {
                Operator::Add => left.checked_add(right)?,
                Operator::Subtract => left.checked_sub(right)?,
                Operator::Multiply => left.checked_mul(right)?,
                Operator::Divide => left.checked_div(right)?,
                _ => left.checked_rem(right)?,
            }),
            (Datum::Uint(left), Datum::Uint(right)) => Datum::Uint(match operator {
                Operator::Add => left.checked_add(right)?,
                Operator::Subtract => left.checked_sub(right)?,
                Operator::Multiply => left.checked_mul(right)?,
                Operator::Divide => left.checked_div(right)?,
                _ => left.checked_rem(right)?,
            }),
            (Datum::Double(left), Datum::Double(right)) => Datum::Double(match operator {
                Operator::Add => left + right,
                Operator::Subtract => left - right,
                Operator::Multiply => left * right,
                Operator::Divide => left / right,
                _ => return None,
            }),
            (Datum::Text(left), Datum::Text(right)) if operator == Operator::Add => {
                self.pay_for_text(left.len().saturating_add(right.len()))?;
                Datum::made_text([&*left, &*right].concat())
            }
            (Datum::List(left), Datum::List(right)) if operator == Operator::Add => {
                let mut items = Vec::new();
                for item in left.items().chain(right.items()) {
                    self.pay(1)?;
                    items.push(item);
                }
                Datum::List(List::Made(items.into()))
            }
            _ => return None,
        })
    }
}
